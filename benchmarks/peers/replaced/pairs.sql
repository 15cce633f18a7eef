-- `:pairs` conversations of people who know nobody else.
INSERT INTO users (id, name) SELECT 'user-' || n, 'Person user-' || n FROM generate_series(0, 2 * :pairs - 1) n;

INSERT INTO conversations (buyer_id, seller_id)
SELECT 'user-' || 2 * n, 'user-' || 2 * n + 1 FROM generate_series(0, :pairs - 1) n ORDER BY n;

-- What autovacuum would do in its own time: plans are good from the first message on.
VACUUM ANALYZE;

SELECT buyer_id, seller_id, id FROM conversations ORDER BY id;
