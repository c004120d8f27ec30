//! Migrations: forward equals the full schema, backward leaves nothing, and data survives the way.

use offhook_store::migration::{SCHEMA, STEPS, Step, migrate};
use rusqlite::Connection;

/// The objects of a database, with their text freed of spacing; without the table of migrations.
fn schema(connection: &Connection) -> Vec<String> {
    let query = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name <> 'migrations' ORDER BY type, name";
    let mut statement = connection.prepare(query).expect("prepared");
    let found = statement.query_map((), |row| row.get::<_, String>(0)).expect("queried");
    let tidy = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ").replace(" ,", ",").replace(" )", ")");
    found.map(|sql| tidy(sql.expect("text"))).collect()
}

#[test]
fn forward_from_empty_is_the_full_schema() {
    let mut stepped = Connection::open_in_memory().expect("opened");
    migrate(&mut stepped, STEPS).expect("migrated");
    let whole = Connection::open_in_memory().expect("opened");
    whole.execute_batch(SCHEMA).expect("schema");
    assert_eq!(schema(&stepped), schema(&whole));
}

#[test]
fn backward_from_full_is_empty_and_each_step_undoes_itself() {
    let mut connection = Connection::open_in_memory().expect("opened");
    let mut before = vec![schema(&connection)];
    for count in 1..=STEPS.len() {
        migrate(&mut connection, &STEPS[..count]).expect("forward");
        before.push(schema(&connection));
    }
    for count in (0..STEPS.len()).rev() {
        // An older program: it knows nothing of the steps after its own.
        migrate(&mut connection, &STEPS[..count]).expect("backward");
        assert_eq!(schema(&connection), before[count], "after going back to {count} steps");
    }
    assert!(schema(&connection).is_empty());
}

#[test]
fn all_tables_are_strict() {
    let connection = Connection::open_in_memory().expect("opened");
    connection.execute_batch(SCHEMA).expect("schema");
    let loose: Vec<String> = connection
        .prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite_%'")
        .expect("prepared")
        .query_map((), |row| row.get(0))
        .expect("queried")
        .collect::<Result<_, _>>()
        .expect("names");
    assert!(loose.is_empty(), "{loose:?}");
}

#[test]
fn data_of_older_steps_survives_back_and_forth() {
    let mut connection = Connection::open_in_memory().expect("opened");
    migrate(&mut connection, STEPS).expect("forward");
    connection
        .execute_batch(
            "INSERT INTO settings VALUES ('a', '1');
             INSERT INTO lines (id, port, kind, label) VALUES (x'00000000000000000000000000000001', 1, 'fxs', 'Desk');
             INSERT INTO last_seen VALUES (1, 42);",
        )
        .expect("inserted");
    migrate(&mut connection, &STEPS[..2]).expect("backward");
    migrate(&mut connection, STEPS).expect("forward again");
    let seen: i64 = connection.query_row("SELECT at FROM last_seen", (), |row| row.get(0)).expect("kept");
    let label: String = connection.query_row("SELECT label FROM lines", (), |row| row.get(0)).expect("kept");
    assert_eq!((seen, label.as_str()), (42, "Desk"));
}

#[test]
fn a_failing_step_leaves_the_step_before() {
    let mut connection = Connection::open_in_memory().expect("opened");
    let steps = [
        Step { name: "1_good", forward: "CREATE TABLE a (x INTEGER) STRICT;", backward: "DROP TABLE a;" },
        Step { name: "2_bad", forward: "CREATE TABLE b (x INTEGER) STRICT; NONSENSE;", backward: "" },
    ];
    let error = migrate(&mut connection, &steps).expect_err("the second step fails");
    assert!(error.to_string().contains("2_bad"), "{error}");
    assert_eq!(schema(&connection), ["CREATE TABLE a (x INTEGER) STRICT"]);
    migrate(&mut connection, &steps[..1]).expect("the first stands");
}

#[test]
fn another_history_is_refused() {
    let mut connection = Connection::open_in_memory().expect("opened");
    migrate(&mut connection, STEPS).expect("forward");
    let other = [Step { name: "0001_other", forward: "", backward: "" }];
    assert!(migrate(&mut connection, &other).is_err());
}
