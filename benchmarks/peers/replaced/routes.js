// The HTTP API, on Express with its defaults.
import express from "express";

import { authenticate } from "./identity.js";
import { Refusal, entered, invalid, send } from "./messaging.js";
import * as store from "./store.js";

const MAX_PAGE = 200;

export function routes({ pool, io }) {
  const api = express.Router();
  api.use(authenticate);
  api.use(express.json());

  api.post("/conversations", async (request, response) => {
    const others = request.body?.participantIds;
    if (!Array.isArray(others) || others.length !== 1 || typeof others[0] !== "string")
      throw invalid("participantIds: expected the one other participant");
    response.status(201).json(await store.createConversation(pool, request.user, others[0]));
  });

  api.get("/conversations", async (request, response) => {
    const limit = whole("limit", request.query.limit ?? "30", MAX_PAGE);
    response.json({ items: await store.conversationsOf(pool, request.user.id, limit) });
  });

  api.get("/conversations/:id/messages", async (request, response) => {
    const limit = whole("limit", request.query.limit ?? "50", MAX_PAGE);
    const before = request.query.before && whole("before", request.query.before, Number.MAX_SAFE_INTEGER);
    const conversation = await entered(pool, request.user, request.params.id);
    const found = await store.messagesOf(pool, conversation, before, limit + 1);
    response.json({ items: found.slice(0, limit), hasBefore: found.length > limit });
  });

  api.post("/conversations/:id/messages", async (request, response) => {
    response.status(201).json(await send({ pool, io }, request.user, request.params.id, request.body));
  });

  api.get("/unread", async (request, response) => {
    response.json(await store.unreadOf(pool, request.user.id));
  });

  return api;
}

function whole(name, text, most) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw invalid(`${name}: expected a whole number from 1 to ${most}`);
  return value;
}

/** Express error handler: what was refused on purpose is told, what failed is logged. */
export function refuse(error, _request, response, next) {
  if (response.headersSent) {
    next(error);
    return;
  }
  const known = error instanceof Refusal || error.expose;
  if (!known) console.error(error);
  response.status(known ? error.status : 500).json({
    code: known ? (error.code ?? "bad_request") : "internal",
    detail: known ? error.message : "it failed on the server",
  });
}
