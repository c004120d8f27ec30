import type { Credentials } from '../api/types';
import type { Messages } from '../i18n/messages';

/** Host and port of `host:port`, `[v6]:port` or a bare host. */
export function splitServer(server: string): { host: string; port: string } {
  const match = /^(\[[^\]]+\]|[^:]*):(\d+)$/.exec(server);
  if (!match) return { host: server, port: '5060' };
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port: match[2] ?? '5060' };
}

/** What to type into a telephone, in the order its settings usually ask. */
export function credentialRows(found: Credentials, m: Messages): { label: string; value: string }[] {
  const { host, port } = splitServer(found.server);
  const rows = [
    { label: m.extensions.server, value: host },
    { label: m.extensions.port, value: port },
    { label: m.extensions.transport, value: found.transports.map((name) => name.toUpperCase()).join(', ') },
    { label: m.extensions.userName, value: found.username },
  ];
  if (found.realm && found.realm !== host) rows.push({ label: m.extensions.realm, value: found.realm });
  if (found.password) rows.push({ label: m.extensions.secret, value: found.password });
  return rows;
}
