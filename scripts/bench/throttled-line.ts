import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/**
 * A process of its own between a client and a server on loopback: passes on what comes, in each direction at most so many
 * bytes a second over all connections (0: as fast as it can). Arguments: the server's port, the speed.
 */
const [target = 0, bytesPerSecond = 0] = process.argv.slice(2).map(Number)
/** Shorter waits than a timer can keep are saved up. */
const SHORTEST_WAIT_MS = 4

function pacer(): (from: Socket, to: Socket) => void {
  let freeAtMs = 0
  return (from, to) => {
    from.on('data', (chunk: Buffer) => {
      const nowMs = performance.now()
      if (bytesPerSecond > 0)
        freeAtMs = Math.max(nowMs - SHORTEST_WAIT_MS, freeAtMs) + (chunk.length / bytesPerSecond) * 1000
      const isFull = !to.write(chunk)
      const waitMs = freeAtMs - nowMs
      if (waitMs < SHORTEST_WAIT_MS && !isFull) return
      from.pause()
      if (waitMs < SHORTEST_WAIT_MS) to.once('drain', () => from.resume())
      else setTimeout(() => from.resume(), waitMs)
    })
    from.on('end', () => to.end())
    for (const socket of [from, to]) {
      socket.on('error', () => {
        from.destroy()
        to.destroy()
      })
    }
  }
}

const [up, down] = [pacer(), pacer()]
const server = createServer((client) => {
  const behind = connect({ port: target, host: '127.0.0.1' })
  up(client, behind)
  down(behind, client)
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit())
