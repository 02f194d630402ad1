\set customer random(1, 64)
BEGIN;
INSERT INTO orders (customer_id, total_cents, status) VALUES ('customer-' || :customer, 1264, 'CREATED') RETURNING id \gset
INSERT INTO order_items VALUES (':id', 1, 'apple', 3, 250);
INSERT INTO order_items VALUES (':id', 2, 'pear', 1, 199);
INSERT INTO order_items VALUES (':id', 3, 'plum', 9, 35);
INSERT INTO idempotency VALUES ('customer-' || :customer, gen_random_uuid()::text, md5(':id'), ':id');
INSERT INTO outbox (subject, payload) VALUES ('orders.created', '{"id":":id","customerId":"customer","items":[{"sku":"apple","quantity":3,"priceCents":250},{"sku":"pear","quantity":1,"priceCents":199},{"sku":"plum","quantity":9,"priceCents":35}],"totalCents":1264,"status":"CREATED"}');
COMMIT;
