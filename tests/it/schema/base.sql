-- A dump of a shop; owners and grants are of roles that a temporary server does not have.
\restrict abc
CREATE SCHEMA shop;
ALTER SCHEMA shop OWNER TO shop_app;
CREATE TYPE shop.status AS ENUM ('open', 'paid');
CREATE TABLE shop.customers (id int PRIMARY KEY, name text);
CREATE TABLE shop.orders (
    id int PRIMARY KEY,
    customer_id int,
    amount int NOT NULL DEFAULT 0,
    note text,
    code varchar(10),
    label varchar(10),
    placed timestamp,
    paid timestamp,
    status shop.status DEFAULT 'open'
);
GRANT SELECT ON shop.orders TO search_app;
CREATE TABLE shop.carts (id int PRIMARY KEY, note text);
CREATE TABLE shop.old_names (id int);
CREATE TABLE shop.moved (id int);
CREATE TABLE shop.dropped (id int);
CREATE TABLE shop.emptied (id int);
CREATE TABLE shop.wide (id int, note text);
CREATE TABLE shop.events (id int, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE shop.events_2024 PARTITION OF shop.events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.events_2025 PARTITION OF shop.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE shop.events_2026 (id int, at date NOT NULL);
CREATE VIEW shop.open_orders AS SELECT id FROM shop.orders WHERE status = 'open';
CREATE VIEW shop.wide_notes AS SELECT note FROM shop.wide;
CREATE MATERIALIZED VIEW shop.totals AS SELECT id, 1 AS total FROM shop.customers;
CREATE UNIQUE INDEX totals_key ON shop.totals (id);
CREATE FUNCTION shop.noop() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- a semicolon; in a body
    RETURN NEW;
END $$;
INSERT INTO shop.customers SELECT i, 'c' || i FROM generate_series(1, 50) i;
INSERT INTO shop.orders (id, customer_id, amount, note) SELECT i, i, i, 'n' || i FROM generate_series(1, 50) i;
\unrestrict abc
