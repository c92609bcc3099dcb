// @ts-check
// Sends no mail: it writes it into a folder, for you to look at.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * @typedef {{ id: string, to: string, subject: string, text: string }} Mail
 * @typedef {{ send(mail: Mail): Promise<void> }} Mailer
 */

/**
 * @param {string} folder
 * @returns {Mailer}
 */
export function outboxMailer(folder) {
  return {
    async send({ id, to, subject, text }) {
      if (to.startsWith('nobody@')) throw new Error(`No such mailbox: ${to}`)
      await mkdir(folder, { recursive: true })
      // A job may be run again after a crash. Under the same name the same mail is one mail.
      await writeFile(join(folder, `${id}.txt`), `To: ${to}\nSubject: ${subject}\n\n${text}\n`)
      console.log(`Mail to ${to}: ${subject}`)
    },
  }
}
