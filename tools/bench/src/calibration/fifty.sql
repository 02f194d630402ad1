\set customer random(1, 64)
WITH new AS (
  INSERT INTO orders (customer_id, total_cents, status)
  SELECT 'customer-' || :customer, 1264, 'CREATED' FROM generate_series(1, 50) RETURNING id
), items AS (
  INSERT INTO order_items SELECT id, line, sku, quantity, price_cents
  FROM new, (VALUES (1, 'apple', 3, 250), (2, 'pear', 1, 199), (3, 'plum', 9, 35)) AS item (line, sku, quantity, price_cents)
), keys AS (
  INSERT INTO idempotency SELECT 'customer-' || :customer, gen_random_uuid()::text, md5(id::text), id FROM new
)
INSERT INTO outbox (subject, payload) SELECT 'orders.created', '{"id":"' || id || '","customerId":"customer","items":[{"sku":"apple","quantity":3,"priceCents":250},{"sku":"pear","quantity":1,"priceCents":199},{"sku":"plum","quantity":9,"priceCents":35}],"totalCents":1264,"status":"CREATED"}' FROM new;
