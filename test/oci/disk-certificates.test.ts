import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CertificateFiles, readCertificates } from '../../src/oci/disk-certificates.js';
import { privateAuthority } from '../fixtures/certificates.js';
import { temporaryFolder } from '../fixtures/folder.js';

async function fileOf(text: string): Promise<string> {
  const file = join(await temporaryFolder(), 'ca.pem');
  await writeFile(file, text);
  return file;
}

describe('readCertificates', () => {
  it('takes all certificates of a file, and nothing else that is in it', async () => {
    const [one, two] = [(await privateAuthority()).ca.trim(), (await privateAuthority()).ca.trim()];
    const pem = await readCertificates(await fileOf(`Our lab\n${one}\r\n\n# old\n${two}\n`));
    expect(pem).toBe(`${one}\n${two}`);
  });

  it.each([
    ['', 'it holds no certificate'],
    ['-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', 'it holds no certificate'],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'its certificate 1 is none'],
  ])('refuses %j', async (text, why) => {
    await expect(readCertificates(await fileOf(text))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(why) as string,
      remedy: expect.stringContaining('PEM') as string,
    });
  });

  it('names a file that cannot be read', async () => {
    await expect(readCertificates('/nowhere/ca.pem')).rejects.toThrow('/nowhere/ca.pem cannot be used (ENOENT)');
  });
});

describe('CertificateFiles', () => {
  it('reads a file anew when it is another', async () => {
    const [one, two] = [(await privateAuthority()).ca.trim(), (await privateAuthority()).ca.trim()];
    const file = await fileOf(one);
    const files = new CertificateFiles();
    const [first, again] = [await files.read(file), await files.read(file)];
    expect([first, again]).toEqual([one, one]);
    const replace = async (text: string) => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    };
    await replace('garbage');
    await expect(files.read(file)).rejects.toThrow('it holds no certificate');
    await replace(two);
    expect(await files.read(file)).toBe(two);
    await rm(file);
    await expect(files.read(file)).rejects.toThrow('cannot be used (ENOENT)');
  });
});
