import { expect, it } from 'vitest';
import { forNext } from '../../src/booter/next-boot.js';
import { assignment } from '../fixtures/mappings.js';

it('is as the assignment says, but for the image and what is in that', () => {
  const iso = { files: { kernel: '/own/k', initramfs: [] }, kernelArgs: 'own' };
  const kernelArgs = [{ append: ['quiet'] }];
  const next = forNext(assignment({ iso, kernelArgs }), { id: '1', image: 'lab:5000/os/other:1', wishedAt: 1 });
  expect(next).toMatchObject({ name: 'all', image: { repository: 'os/other' }, kernelArgs });
  expect(next).not.toHaveProperty('iso');
});
