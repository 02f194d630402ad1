\set number random(1, 20000)
SELECT id, customer_id, items, total_cents, status, version, created_at FROM stored WHERE id = lpad(:number::text, 32, '0')::uuid;
