// What may be done, and who hears of it: the same for HTTP and for sockets.
import * as store from "./store.js";

const MAX_CONTENT_CHARS = 5_000;
const ID = /^\d{1,18}$/;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Why something was not done. Missing and foreign look the same from outside. */
export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const invalid = (message) => new Refusal(422, "validation_failed", message);

export const roomOf = (conversationId) => `conversation:${conversationId}`;
export const ownRoomOf = (userId) => `user:${userId}`;

/** The conversation, of which `user` is proved to be a participant. */
export async function entered(pool, user, conversationId) {
  const known = ID.test(conversationId) && (await store.conversationOf(pool, conversationId, user.id));
  if (!known) throw new Refusal(404, "not_found", "there is no such conversation of yours");
  return known;
}

/** Stores the message, then tells the conversation's room and the other participant; returns it. */
export async function send({ pool, io }, user, conversationId, { clientId, content } = {}) {
  if (!UUID.test(clientId)) throw invalid("clientId: expected a UUID");
  const text = typeof content === "string" ? content.trim() : "";
  if (!text || text.length > MAX_CONTENT_CHARS)
    throw invalid(`content: expected 1 to ${MAX_CONTENT_CHARS} characters`);
  const conversation = await entered(pool, user, conversationId);
  const message = await store.addMessage(pool, conversation, user.id, clientId, text);
  const { buyer_id: buyer, seller_id: seller } = conversation;
  io.to(roomOf(conversation.id)).emit("message_received", message);
  io.to(ownRoomOf(user.id === buyer ? seller : buyer)).emit("new_message_notification", {
    conversationId: conversation.id,
    message,
  });
  return message;
}
