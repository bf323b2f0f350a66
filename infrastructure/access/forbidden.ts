/** What each credential may do, to see that it works at all, and what it must be refused. */

/** Refused to every user of Redis. */
export const EVERYBODY = [
  'FLUSHALL',
  'KEYS *',
  'CONFIG SET appendfsync no',
  'ACL LIST',
  'ACL SETUSER probe +@all',
  'SHUTDOWN NOSAVE',
  'SCRIPT FLUSH',
  'FUNCTION LIST',
  'MONITOR',
  'REPLICAOF NO ONE',
  'SUBSCRIBE {outcry:nodes}#/#',
  'PUBLISH x y',
  'GET somebody-elses-key',
];

/** What each user may do, to see that the rest is refused for want of rights; and what it may not. */
export const REDIS: Readonly<
  Record<string, { allowed: readonly string[]; denied: readonly string[] }>
> = {
  'api-gateway': {
    allowed: ['GET {s0}:whole', 'HMGET {s0}:auction:a shown', 'CONFIG GET appendonly'],
    denied: [
      'SET {s0}:whole 1',
      'SET outcry:shards 8',
      'SET {s0}:auction:a x',
      'DEL {s0}:whole',
      'DEL {s0}:log:a',
      'XTRIM {s0}:log:a MAXLEN 0',
      'RENAME {s0}:log:a {s0}:log:b',
      'ZADD outcry:signed-out 1 x',
      'SPUBLISH {outcry:nodes}#/# x',
      'SSUBSCRIBE {s0}:live:a',
      'SSUBSCRIBE {s0}:traces',
      'CLIENT KILL TYPE normal',
      'EVAL return(redis.call("SET",KEYS[1],"1")) 1 {s0}:whole',
    ],
  },
  'broadcast-service': {
    allowed: [
      'HMGET {s0}:auction:a shown',
      'XRANGE {s0}:log:a - +',
      'SPUBLISH {outcry:nodes}#/# x',
    ],
    denied: [
      'ZADD outcry:signed-out 1 x',
      'ZREM outcry:signed-out x',
      'HSET {s0}:auction:a shown x',
      'XADD {s0}:log:a 1-0 a b',
      'HGETALL {s0}:auction:a',
      'HMGET {s0}:item:a json',
      'SPUBLISH {s0}:live:a forged',
      'SPUBLISH {s0}:notices forged',
      'SPUBLISH {s0}:traces forged',
      'SSUBSCRIBE {s0}:due',
      'SPUBLISH {outcry:nodes}x forged',
      'SPUBLISH {outcry:users}:kept forged',
      'EVAL return(1) 0',
      'CONFIG GET requirepass',
    ],
  },
  'archival-worker': {
    allowed: ['GET outcry:shards', 'HMGET {s0}:auction:a shown'],
    denied: [
      'ZREM outcry:signed-out x',
      'XADD {s0}:log:a 1-0 a b',
      'HSET {s0}:item:a json x',
      'SET {s0}:lease me',
      'UNLINK {s0}:auction:a',
      'DEL {s0}:auction:a',
      'SPUBLISH {s0}:live:a forged',
      'SSUBSCRIBE {s0}:live:a',
      'CONFIG GET requirepass',
      'EVAL return(redis.call("XADD",KEYS[1],"1-0","a","b")) 1 {s0}:log:a',
    ],
  },
  rebuild: {
    allowed: ['GET outcry:shards'],
    denied: ['XADD {s0}:log:a 1-0 a b', 'SPUBLISH {s0}:live:a forged', 'CONFIG GET requirepass'],
  },
  verify: {
    allowed: ['GET outcry:shards', 'HMGET {s0}:auction:a shown'],
    denied: [
      'SET {s0}:whole 1',
      'HSET {s0}:auction:a shown x',
      'EVAL return(1) 0',
      'SSUBSCRIBE {s0}:live:a',
      'SPUBLISH {s0}:live:a forged',
    ],
  },
  probe: { allowed: ['PING'], denied: ['GET {s0}:whole', 'INFO', 'CONFIG GET requirepass'] },
  'cluster-admin': {
    allowed: ['PING', 'INFO server'],
    denied: [
      'GET {s0}:whole',
      'HMGET {s0}:auction:a shown',
      'HSET {s0}:auction:a shown x',
      'EVAL return(1) 0',
      'SSUBSCRIBE {s0}:live:a',
      'SPUBLISH {s0}:live:a forged',
      'CONFIG GET requirepass',
      'CLIENT KILL TYPE normal',
    ],
  },
  replica: { allowed: ['PING'], denied: ['GET {s0}:whole', 'INFO', 'CONFIG GET requirepass'] },
};

const DELETING = [
  '$JS.API.STREAM.DELETE.OUTCRY_EVENTS',
  '$JS.API.STREAM.PURGE.OUTCRY_EVENTS',
  '$JS.API.STREAM.MSG.DELETE.OUTCRY_EVENTS',
  '$JS.API.CONSUMER.DELETE.OUTCRY_EVENTS.other',
  '$JS.API.STREAM.CREATE.OTHER',
  '$SYS.REQ.SERVER.PING',
  'anything.else',
];

/** Of an operator alone. */
const RESTARTING = '$JS.API.CONSUMER.DELETE.OUTCRY_EVENTS.archive';

/** Subjects that a user may not publish to, or subscribe to. */
export const NATS: Readonly<
  Record<string, { publish: readonly string[]; subscribe: readonly string[] }>
> = {
  'api-gateway': {
    publish: [
      ...DELETING,
      RESTARTING,
      '$JS.API.CONSUMER.MSG.NEXT.OUTCRY_EVENTS.archive',
      '$JS.API.CONSUMER.CREATE.OUTCRY_EVENTS.mine',
      '$JS.ACK.OUTCRY_EVENTS.archive.1.1.1.1.1',
      '$JS.API.STREAM.MSG.GET.OUTCRY_EVENTS',
    ],
    subscribe: ['outcry.v1.events.>', '>', '_INBOX.archival-worker.>', '_INBOX.>'],
  },
  'archival-worker': {
    publish: [...DELETING, RESTARTING, 'outcry.v1.events.0.a0-forged'],
    subscribe: ['outcry.v1.events.>', '>', '_INBOX.api-gateway.>'],
  },
  webhooks: {
    publish: [
      ...DELETING,
      RESTARTING,
      'outcry.v1.events.0.a0-forged',
      '$JS.API.CONSUMER.MSG.NEXT.OUTCRY_EVENTS.archive',
      '$JS.API.CONSUMER.CREATE.OUTCRY_EVENTS.archive',
      '$JS.ACK.OUTCRY_EVENTS.archive.1.1.1.1.1',
      '$JS.API.STREAM.MSG.GET.OUTCRY_EVENTS',
    ],
    subscribe: ['outcry.v1.events.>', '>', '_INBOX.archival-worker.>'],
  },
  verify: {
    publish: [
      ...DELETING,
      RESTARTING,
      'outcry.v1.events.0.a0-forged',
      '$JS.API.CONSUMER.MSG.NEXT.OUTCRY_EVENTS.archive',
      '$JS.API.CONSUMER.CREATE.OUTCRY_EVENTS.archive',
      '$JS.API.STREAM.UPDATE.OUTCRY_EVENTS',
      '$JS.ACK.OUTCRY_EVENTS.archive.1.1.1.1.1',
    ],
    subscribe: ['outcry.v1.events.>', '>', '_INBOX.archival-worker.>'],
  },
  rebuild: {
    publish: [...DELETING, 'outcry.v1.events.0.a0-forged'],
    subscribe: ['outcry.v1.events.>', '>', '_INBOX.archival-worker.>'],
  },
};

const CHANGING_TABLES = [
  'CREATE TABLE mine (a int)',
  'ALTER TABLE events ADD COLUMN mine int',
  'DROP TABLE events',
  'TRUNCATE events',
  'CREATE INDEX mine ON events (at)',
  'CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  'CREATE SCHEMA mine',
];
const ADMINISTERING = [
  'CREATE ROLE mine SUPERUSER',
  'ALTER ROLE outcry_history SUPERUSER',
  'CREATE DATABASE mine',
  `SELECT pg_read_file('/etc/passwd')`,
  `COPY (SELECT 1) TO PROGRAM 'true'`,
];
const CHANGING_EVIDENCE = [
  'DELETE FROM events',
  'UPDATE events SET amount = 1',
  'DELETE FROM events_0',
  'UPDATE events_0 SET amount = 1',
  `UPDATE conflicts SET line = ''`,
  `UPDATE events SET private = NULL, salt = NULL, hidden = sha256('')`,
  'DELETE FROM discarded_letters',
];
const WRITING = [
  `SELECT unname_events('a0-x', 'ann', now())`,
  `SELECT erase_private_parts('a0-x', 'ann', now())`,
  `UPDATE auctions SET price = 1`,
  `INSERT INTO items (id, seller_id, title) VALUES ('i0-x', 's', 't')`,
];

/** Role to its `.env` file, the variable there, what it may do, and what not. */
export const POSTGRES = [
  {
    role: 'outcry_archiver',
    url: ['archival-worker', 'DATABASE_URL'],
    allowed: 'SELECT count(*) FROM events',
    denied: [...CHANGING_TABLES, ...CHANGING_EVIDENCE, ...ADMINISTERING],
  },
  {
    role: 'outcry_history',
    url: ['archival-worker', 'DATABASE_READ_URL'],
    allowed: 'SELECT count(*) FROM history_events',
    denied: [
      ...CHANGING_TABLES,
      ...CHANGING_EVIDENCE,
      ...ADMINISTERING,
      ...WRITING,
      'SELECT secret FROM webhooks',
      'SELECT payload FROM webhook_deliveries',
    ],
  },
  {
    role: 'outcry_migrator',
    url: ['migrate', 'DATABASE_URL'],
    allowed: 'CREATE TABLE made_by_a_migration (a int)',
    denied: ADMINISTERING,
  },
] as const;
