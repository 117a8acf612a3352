/** A process under the rig's preload: dials the address it is given, and prints what it hears and what its clock says. */
import { connect } from 'node:net';

const [host = '', port = ''] = (process.argv[2] ?? '').split(':');
const socket = connect({ host, port: Number(port) }, () => socket.write('ping'));
socket.on('data', (bytes) => {
  process.stdout.write(`${bytes.toString()}\n`);
  socket.destroy();
  const timer = setInterval(() => process.stdout.write(`${Date.now()}\n`), 50);
  process.stdin.once('data', () => {
    clearInterval(timer);
    process.stdin.destroy();
  });
});
