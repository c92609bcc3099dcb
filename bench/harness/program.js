// @ts-check
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { start, until } from './child.js'
import { freePort, listens, temporaryDir } from './place.js'

/** Where Debian has what only root is to start. */
const alsoIn = '/usr/sbin'

/** @param {string} command */
export function isOnPath(command) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), alsoIn]
  return folders.some((folder) => folder !== '' && existsSync(join(folder, command)))
}

/**
 * A program with a folder and a port of its own, which it says nothing about: it is asked until it is ready.
 *
 * @param {string} command
 * @param {(dir: string, port: number) => Promise<string[]>} configure gives the arguments
 * @param {(port: number) => Promise<true | undefined>} [isReady]
 * @returns {Promise<import('../servers/servers.js').Started & { port: number }>}
 */
export async function startProgram(command, configure, isReady = listens) {
  const dir = await temporaryDir()
  const port = await freePort()
  const args = await configure(dir, port)
  const env = { PATH: `${process.env.PATH}${delimiter}${alsoIn}`, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir }
  const child = await start(command, args, { dir, env })
  const stop = async () => {
    await child.stop()
    await rm(dir, { recursive: true, force: true })
  }
  try {
    await until(child, 'be ready', () => isReady(port))
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `http://127.0.0.1:${port}`, port, child, stop }
}
