import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run } from './run.js'

/** Debian keeps the programs of each version of PostgreSQL in a folder that is on nobody's path. */
function debianPostgres() {
  const versions = '/usr/lib/postgresql'
  return existsSync(versions) ? readdirSync(versions).map((version) => join(versions, version, 'bin')) : []
}

/** What the tests drive besides Node: real servers and a real browser. Each is named as its Debian package. */
const programs = [
  { name: 'redis-server', file: 'redis-server' },
  { name: 'nginx', file: 'nginx' },
  { name: 'postgresql', file: 'initdb', folders: debianPostgres },
  { name: 'chromium', file: process.env.CHROMIUM ?? '/usr/bin/chromium' },
]

const isThere = ({ file, folders = () => [] }) =>
  file.includes('/')
    ? existsSync(file)
    : [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', ...folders()].some((folder) =>
        existsSync(join(folder, file)),
      )

/**
 * Makes sure that the programs the tests need are there: installs them where it may, else says what to install.
 *
 * @returns {Promise<boolean>} whether all of them are there now
 */
export async function setup() {
  const missing = () => programs.filter((program) => !isThere(program)).map(({ name }) => name)
  const names = missing()
  if (names.length === 0) return true

  const isDebian = existsSync('/usr/bin/apt-get')
  if (isDebian && process.getuid?.() === 0) {
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    console.log(`The tests need ${names.join(', ')}: installing.`)
    await run('apt-get', ['update', '-q'], env)
    await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...names], env)
    if (missing().length === 0) return true
  }

  console.error(`The tests need ${missing().join(', ')}. Install what is missing and run them again:`)
  if (isDebian)
    console.error(`  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing().join(' ')}`)
  else
    console.error(
      '  redis-server, nginx and initdb of PostgreSQL belong on the PATH; set CHROMIUM to the path of a Chromium or Chrome.',
    )
  console.error('The unit tests need none of it: npm test -- --project unit')
  return false
}
