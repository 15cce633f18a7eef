// The Socket.IO commands. An ack is `{ok: true, …}` or `{ok: false, error: {code, message}}`.
import { authenticateSocket } from "./identity.js";
import { Refusal, entered, ownRoomOf, roomOf, send } from "./messaging.js";

const COMMANDS = {
  async join_conversation({ pool }, socket, argument) {
    const conversation = await entered(pool, socket.data.user, argument?.conversationId ?? argument);
    socket.join(roomOf(conversation.id));
    return {};
  },
  async send_message(stack, socket, argument) {
    return { message: await send(stack, socket.data.user, argument?.conversationId, argument) };
  },
};

export function serveSockets(stack) {
  stack.io.use(authenticateSocket);
  stack.io.on("connection", (socket) => {
    socket.join(ownRoomOf(socket.data.user.id));
    // One after another for each socket: messages that one sends keep their order.
    let turn = Promise.resolve();
    for (const [name, command] of Object.entries(COMMANDS))
      socket.on(name, (argument, ack) => {
        turn = turn.then(() => answered(command(stack, socket, argument))).then(ack);
      });
  });
}

async function answered(doing) {
  try {
    return { ok: true, ...(await doing) };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, error: { code: error.code, message: error.message } };
    console.error(error);
    return { ok: false, error: { code: "internal", message: "it failed on the server" } };
  }
}
