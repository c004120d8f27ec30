//! How values are kept in columns.

use offhook_switch::id::{CallId, DeviceId, LegId, LineId, TrunkId, UserId};
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::error::StoreError;

/// An identifier in a BLOB of 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(pub(crate) Uuid);

impl ToSql for Id {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.0.as_bytes())))
    }
}

impl FromSql for Id {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        let uuid = Uuid::from_slice(bytes).map_err(|error| FromSqlError::Other(Box::new(error)))?;
        Ok(Id(uuid))
    }
}

macro_rules! into_id {
    ($($name:ident),*) => {$(
        impl From<$name> for Id {
            fn from(id: $name) -> Self {
                Id(id.0)
            }
        }
        impl From<Id> for $name {
            fn from(id: Id) -> Self {
                $name(id.0)
            }
        }
    )*};
}
into_id!(UserId, DeviceId, TrunkId, LineId, CallId, LegId);

/// An optional identifier, for a parameter.
pub(crate) fn maybe(id: Option<impl Into<Id>>) -> Option<Id> {
    id.map(Into::into)
}

/// An enumeration kept as the text serde gives it.
pub(crate) struct Name<T>(pub(crate) T);

impl<T: Serialize> ToSql for Name<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match serde_json::to_value(&self.0) {
            Ok(serde_json::Value::String(text)) => Ok(ToSqlOutput::Owned(Value::Text(text))),
            Ok(_) => Err(rusqlite::Error::ToSqlConversionFailure("not a plain name".into())),
            Err(error) => Err(rusqlite::Error::ToSqlConversionFailure(Box::new(error))),
        }
    }
}

impl<T: DeserializeOwned> FromSql for Name<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = serde_json::Value::String(value.as_str()?.to_owned());
        serde_json::from_value(text).map(Name).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

/// Anything kept as JSON text.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        serde_json::to_string(&self.0)
            .map(|text| ToSqlOutput::Owned(Value::Text(text)))
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Json).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

/// All rows of a query.
pub(crate) fn rows<T>(
    connection: &rusqlite::Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(parameters, read)?;
    Ok(found.collect::<Result<Vec<_>, _>>()?)
}

/// The one row of a query, if there is one.
pub(crate) fn row<T>(
    connection: &rusqlite::Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreError> {
    match connection.prepare_cached(sql)?.query_row(parameters, read) {
        Ok(value) => Ok(Some(value)),
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Runs a statement.
pub(crate) fn run(
    connection: &rusqlite::Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<usize, StoreError> {
    Ok(connection.prepare_cached(sql)?.execute(parameters)?)
}
