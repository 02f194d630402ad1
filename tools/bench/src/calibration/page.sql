\set customer random(0, 63)
SELECT id, customer_id, items, total_cents, status, version, created_at FROM stored
WHERE customer_id = 'customer-' || :customer::text ORDER BY id DESC LIMIT 20;
