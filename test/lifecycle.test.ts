import { describe, expect, it } from 'vitest';
import { Lifecycle } from '../src/lifecycle.js';

function recorded(failing?: string) {
  const lifecycle = new Lifecycle();
  const stopped: string[] = [];
  for (const name of ['state', 'cache', 'listener']) {
    lifecycle.started(name, () => {
      stopped.push(name);
      if (name === failing) throw new Error('stuck');
    });
  }
  return { lifecycle, stopped };
}

describe('Lifecycle', () => {
  it('stops in reverse, once', async () => {
    const { lifecycle, stopped } = recorded();
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    expect(stopped).toEqual(['listener', 'cache', 'state']);
  });

  it('stops everything even when a part will not', async () => {
    const { lifecycle, stopped } = recorded('cache');
    await expect(lifecycle.stop()).rejects.toThrow('stopping the cache failed');
    expect(stopped).toEqual(['listener', 'cache', 'state']);
  });

  it('ends well after stop', async () => {
    const { lifecycle } = recorded();
    let end = (_error: Error | undefined): void => undefined;
    const part = new Promise<Error | undefined>((resolve) => {
      end = resolve;
    });
    const ended = lifecycle.endedWith(part);
    await lifecycle.stop();
    end(new Error('it was stopped, of course it ended'));
    await expect(ended).resolves.toBeUndefined();
  });

  it('stops all others when a part ends by itself', async () => {
    const { lifecycle, stopped } = recorded();
    const ended = lifecycle.endedWith(Promise.resolve(new Error('the worker died')));
    await expect(ended).rejects.toThrow('the worker died');
    expect(stopped).toEqual(['listener', 'cache', 'state']);
  });
});
