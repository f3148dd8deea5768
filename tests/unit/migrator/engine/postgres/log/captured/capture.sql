-- Makes the files beside it: psql -XqAt -f capture.sql > pgoutput_17.hex (database `captured`, server with
-- wal_level = logical and logical_decoding_work_mem = 64kB). One pgoutput message per line, in hexadecimal.
SET client_min_messages = error;
CREATE TABLE public.item (id int PRIMARY KEY, name text, body text, price numeric(12,2));
ALTER TABLE public.item ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE TABLE public.loose (a int, b text);
ALTER TABLE public.loose REPLICA IDENTITY FULL;
CREATE PUBLICATION cutover_captured FOR TABLE public.item, public.loose;
SELECT pg_create_logical_replication_slot('captured', 'pgoutput') \g /dev/null
INSERT INTO item VALUES (1, 'one', repeat('x', 3000), 1.50), (2, NULL, '', 2);
UPDATE item SET name = 'eins' WHERE id = 1;
UPDATE item SET id = 10 WHERE id = 1;
DELETE FROM item WHERE id = 2;
INSERT INTO loose VALUES (1, 'a'), (1, 'a');
UPDATE loose SET b = 'b' WHERE ctid = (SELECT min(ctid) FROM loose);
DELETE FROM loose WHERE b = 'a';
BEGIN;
INSERT INTO item SELECT n, 'kept', 'k', n FROM generate_series(100, 399) n;
SAVEPOINT a;
INSERT INTO item SELECT n, 'dropped', 'd', n FROM generate_series(2000, 2299) n;
SAVEPOINT b;
INSERT INTO item SELECT n, 'dropped too', 'd', n FROM generate_series(3000, 3299) n;
RELEASE b;
ROLLBACK TO a;
INSERT INTO item SELECT n, 'kept', 'k', n FROM generate_series(4000, 4299) n;
COMMIT;
BEGIN;
INSERT INTO item SELECT n, 'rolled back', 'r', n FROM generate_series(5000, 5599) n;
ROLLBACK;
SELECT pg_logical_emit_message(false, 'cutover_heartbeat', '1700000000000000') \g /dev/null
SELECT pg_logical_emit_message(true, 'cutover_heartbeat', '1700000000000001') \g /dev/null
TRUNCATE item, loose RESTART IDENTITY;
SELECT encode(data, 'hex') FROM pg_logical_slot_peek_binary_changes('captured', NULL, NULL,
    'proto_version', '2', 'publication_names', 'cutover_captured', 'binary', 'true',
    'streaming', 'on', 'messages', 'true');
SELECT pg_drop_replication_slot('captured') \g /dev/null
