-- The usual way to store an order: one table for each kind of thing, one statement for each row, foreign keys.
CREATE TABLE orders (
  id          uuid        PRIMARY KEY DEFAULT uuidv7(),
  customer_id text        NOT NULL,
  total_cents bigint      NOT NULL,
  status      text        NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON orders (customer_id, created_at);
CREATE TABLE order_items (
  order_id    uuid    NOT NULL REFERENCES orders,
  line        integer NOT NULL,
  sku         text    NOT NULL,
  quantity    integer NOT NULL,
  price_cents bigint  NOT NULL,
  PRIMARY KEY (order_id, line)
);
CREATE TABLE idempotency (
  customer_id  text NOT NULL,
  key          text NOT NULL,
  request_hash text NOT NULL,
  order_id     uuid NOT NULL REFERENCES orders,
  PRIMARY KEY (customer_id, key)
);
CREATE TABLE outbox (
  id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id   uuid        NOT NULL DEFAULT uuidv7(),
  subject    text        NOT NULL,
  payload    text        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  published  boolean     NOT NULL DEFAULT false
);
-- What is read: an order with its items in one row, as cheap as it can be. Its id is its number.
CREATE TABLE stored (
  id          uuid        PRIMARY KEY,
  customer_id text        NOT NULL,
  items       jsonb       NOT NULL,
  total_cents bigint      NOT NULL,
  status      text        NOT NULL,
  version     integer     NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON stored (customer_id, id DESC);
INSERT INTO stored (id, customer_id, items, total_cents, status, version)
SELECT lpad(n::text, 32, '0')::uuid, 'customer-' || n % 64,
       '[{"sku":"apple","quantity":3,"priceCents":250},{"sku":"pear","quantity":1,"priceCents":199},{"sku":"plum","quantity":9,"priceCents":35}]',
       1264, 'CREATED', 1
FROM generate_series(1, 20000) AS n;
ANALYZE stored;
