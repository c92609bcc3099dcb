import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { startGuarded } from './guarded-process.ts'
import { until } from './until.ts'

export interface NginxOptions {
  /** The port on 127.0.0.1 to which every request goes; of several, to each in turn. */
  readonly upstreamPort: number | readonly number[]
  /** What is said of each of several: `max_fails=0`, for example. @default '' */
  readonly upstreamParameters?: string
  /** More directives for the `location` that proxies. @default none: nginx as it comes, buffering included */
  readonly config?: string
}

export interface NginxServer {
  readonly port: number
  readonly url: string
  stop(): Promise<void>
}

/** A real nginx on 127.0.0.1 in front of a server of the test. Resolves when it accepts connections. */
export async function startNginx(options: NginxOptions): Promise<NginxServer> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-nginx-'))
  const port = await freePort()
  const file = join(dir, 'nginx.conf')
  await writeFile(file, configuration(dir, port, options))

  const server = await startGuarded('nginx', ['-p', dir, '-c', file, '-e', join(dir, 'error.log')], dir)
  const stop = async () => {
    await server.kill('SIGKILL')
    await rm(dir, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}`
  try {
    await until(`nginx on port ${port}`, async () => {
      if (server.ended !== undefined) throw new Error(`nginx ended with ${server.ended}: ${server.output}`)
      const response = await fetch(`${url}/${healthPath}`).catch(() => undefined)
      // Another server may have taken the port in the meantime: the answer is one that only ours knows.
      return (await response?.text()) === dir || undefined
    })
  } catch (error) {
    await stop()
    throw error
  }
  return { port, url, stop }
}

const healthPath = '-nginx-of-the-test'

/** As few directives as it takes: the tests are to meet the defaults that a user's nginx has. */
function configuration(
  dir: string,
  port: number,
  { upstreamPort, upstreamParameters = '', config = '' }: NginxOptions,
): string {
  const isOne = typeof upstreamPort === 'number'
  const servers = isOne ? [] : upstreamPort.map((each) => `server 127.0.0.1:${each} ${upstreamParameters};`)
  return `
    daemon off;
    master_process off;
    pid ${dir}/nginx.pid;
    events {}
    http {
      access_log off;
      client_body_temp_path ${dir}/body;
      proxy_temp_path ${dir}/proxy;
      fastcgi_temp_path ${dir}/fastcgi;
      uwsgi_temp_path ${dir}/uwsgi;
      scgi_temp_path ${dir}/scgi;
      ${isOne ? '' : `upstream hubs { ${servers.join(' ')} }`}
      server {
        listen 127.0.0.1:${port};
        location = /${healthPath} { return 200 ${dir}; }
        location / {
          proxy_pass http://${isOne ? `127.0.0.1:${upstreamPort}` : 'hubs'};
          ${config}
        }
      }
    }
  `
}
