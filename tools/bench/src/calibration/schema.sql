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
