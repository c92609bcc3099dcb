// @ts-check
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isOnPath, startProgram } from '../harness/program.js'

const module = '/usr/lib/nginx/modules/ngx_nchan_module.so'

/** Nchan in the nginx of Debian, with one worker. It keeps as many messages of a channel as Millrace does. */
/** @type {import('./servers.js').Server} */
export const nchan = {
  missing: () =>
    existsSync(module) && isOnPath('nginx') ? undefined : 'not installed: apt-get install nginx libnginx-mod-nchan',
  start: () =>
    startProgram('nginx', async (dir, port) => {
      const file = join(dir, 'nginx.conf')
      await writeFile(file, toConfig(port))
      return ['-p', dir, '-c', file, '-e', 'stderr']
    }),
  path: (channels) => `/sub?id=${channels.join(',')}`,
  way: 'nchan',
  exact: false,
}

/** @param {number} port */
function toConfig(port) {
  return `
daemon off;
worker_processes 1;
user root;
pid nginx.pid;
error_log stderr crit;
load_module ${module};
events { worker_connections 19000; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  nchan_shared_memory_size 512M;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /pub {
      nchan_publisher http;
      nchan_channel_id $arg_id;
      nchan_message_buffer_length 10000;
      nchan_message_timeout 1d;
    }
    location = /sub {
      nchan_subscriber eventsource;
      nchan_channel_id $arg_id;
      nchan_channel_id_split_delimiter ",";
      nchan_subscriber_first_message newest;
    }
  }
}
`
}
