/**
 * The statement with which DuckDB reads a whole history of ours. Lines that are no JSON, the header
 * and the trailer have no event number; whether the others are right is not decided here.
 */
import { HISTORY_LINE_BYTES_MAX } from '../../core/limits.ts';
import { sqlText } from '../store.ts';

const COLUMNS: Readonly<Record<string, string>> = {
  event: 'BIGINT',
  kind: 'VARCHAR',
  vantage: 'VARCHAR',
  at: 'BIGINT',
  sessionId: 'VARCHAR',
  clientId: 'VARCHAR',
  principal: 'STRUCT(kind VARCHAR, value VARCHAR)',
  certificateId: 'VARCHAR',
  ip: 'VARCHAR',
  port: 'INTEGER',
  keepAliveSeconds: 'INTEGER',
  reason: 'VARCHAR',
  abandonedAt: 'BIGINT',
  inferred: 'VARCHAR[]',
};

const columns = Object.entries(COLUMNS).map(([key, type]) => `${sqlText(key)}: ${sqlText(type)}`);

/** Reads `file` into the table `events`; the parameter `run` is the recording's number. */
export function bulkInsert(file: string): string {
  return `
INSERT INTO events BY NAME
SELECT $run::INTEGER AS run, event, kind, vantage, "at" AS at_ms, "sessionId" AS session_id,
  "clientId" AS client_id, principal.value AS principal, principal.kind AS principal_kind,
  coalesce("certificateId",
    CASE WHEN principal.kind = 'certificate-id' THEN principal.value END) AS certificate_id,
  CASE WHEN contains(ip, ':') THEN regexp_replace(lower(ip), '^::ffff:([0-9]+\\.)', '\\1')
    ELSE ip END AS ip,
  port, "keepAliveSeconds" AS keep_alive_seconds, reason, "abandonedAt" AS abandoned_at,
  array_to_string(inferred, ',') AS inferred
FROM read_json(${sqlText(file)}, format = 'newline_delimited', ignore_errors = true,
  compression = 'uncompressed', maximum_object_size = ${4 * HISTORY_LINE_BYTES_MAX},
  columns = {${columns.join(', ')}})
WHERE event IS NOT NULL AND kind IS NOT NULL`;
}
