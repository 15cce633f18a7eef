-- What the HTTP workloads find (benchmarks/requests.py): users in a ring, `:nearest` conversations begun by each.
INSERT INTO users (id, name) SELECT 'person-' || n, 'Person person-' || n FROM generate_series(0, :users - 1) n;

INSERT INTO conversations (buyer_id, seller_id)
SELECT 'person-' || n, 'person-' || (n + step) % :users
FROM generate_series(0, :users - 1) n, generate_series(1, :nearest) step
ORDER BY n, step;

-- As people write: a conversation's messages lie between those of the others.
INSERT INTO messages (conversation_id, sender_id, client_id, content)
SELECT id, CASE k % 2 WHEN 1 THEN buyer_id ELSE seller_id END, gen_random_uuid(), repeat('x', :text_chars)
FROM conversations, generate_series(1, :messages) k
ORDER BY k, id;

UPDATE conversations SET
  last_message_id = (SELECT max(messages.id) FROM messages WHERE conversation_id = conversations.id),
  buyer_unread = :messages / 2,
  seller_unread = (:messages + 1) / 2;

VACUUM ANALYZE;

SELECT buyer_id, seller_id, id FROM conversations WHERE buyer_id LIKE 'person-%' ORDER BY id;
