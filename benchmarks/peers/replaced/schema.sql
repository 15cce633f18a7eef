-- The schema of the replaced stack: a conversation is one buyer's with one seller.
CREATE TABLE users (
  id text PRIMARY KEY,
  name text NOT NULL
);

CREATE TABLE conversations (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  buyer_id text NOT NULL REFERENCES users,
  seller_id text NOT NULL REFERENCES users,
  buyer_unread integer NOT NULL DEFAULT 0,
  seller_unread integer NOT NULL DEFAULT 0,
  last_message_id bigint,
  last_message_at timestamptz NOT NULL DEFAULT now()
);

-- Without foreign keys, whose checks would cost each send two more look-ups.
CREATE TABLE messages (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  conversation_id bigint NOT NULL,
  sender_id text NOT NULL,
  client_id uuid NOT NULL,
  content text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Not by the time of the last message: each send would then have to write to these indexes too.
CREATE INDEX conversations_of_buyer ON conversations (buyer_id);
CREATE INDEX conversations_of_seller ON conversations (seller_id);
CREATE INDEX messages_of_conversation ON messages (conversation_id, id);
