// The comparison server in Node.js: socket.io with its own defaults, doing what every peer does.
//
// Commands: `join` enters a room, `say` sends a text to everyone in a room; both are acknowledged with nothing.
// `--deflate` lets WebSockets be compressed, with socket.io's own settings for it.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { perMessageDeflate: process.argv.includes("--deflate") });

io.on("connection", (socket) => {
  socket.on("join", (room, ack) => {
    socket.join(room);
    ack();
  });
  socket.on("say", (room, text, ack) => {
    io.to(room).emit("message", text);
    ack();
  });
});

http.listen(0, "127.0.0.1", 4096, () => console.log(`listening ${http.address().port}`));
