import { describe, expect, it } from 'vitest';
import { read, refusal } from '../fixtures/configuration-texts.js';

const otlpOf = (written: string, env: Record<string, string> = {}) =>
  read(`traces: { otlp: "${written}" }`, env).config.traces;

describe('where traces are sent', () => {
  it.each([
    ['http://collector:4318', 'http://collector:4318'],
    ['http://collector:4318/', 'http://collector:4318'],
    ['https://Collector.lab/otlp//', 'https://collector.lab/otlp'],
    ['http://[fd00::1]:4318/a/b', 'http://[fd00::1]:4318/a/b'],
  ])('%s is %s', (written, otlp) => {
    expect(otlpOf(written)).toEqual({ otlp });
  });

  it.each([
    'collector:4318',
    'grpc://collector:4317',
    'file:///etc/passwd',
    'http://',
    'http://user@collector:4318',
    'http://user:hidden@collector:4318',
    'http://:hidden@collector:4318',
    'http://collector:4318/?token=hidden',
    'http://collector:4318/#hidden',
    '',
  ])('%s is refused, without saying anything secret of it', (written) => {
    const said = refusal(`traces: { otlp: "${written}" }`);
    expect(said).toMatch(/^\/etc\/bootlayer\/bootlayer\.yaml:1:1\d: traces\.otlp: /);
    expect(said).not.toContain('hidden');
  });

  it('is nowhere unless it is said', () => {
    expect(read('').config).not.toHaveProperty('traces');
    expect(read('', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }).config).not.toHaveProperty('traces');
    expect(refusal('traces: {}')).toMatch(/traces\.otlp: is missing$/);
    expect(refusal('traces: { otlp: "http://a:1", grpc: "http://a:2" }')).toMatch(/traces\.grpc: unknown key/);
  });

  it('is overridden by the environment, which may be the only place that says it', () => {
    const env = { BOOTLAYER_TRACES_OTLP: 'http://other:4318/' };
    expect(otlpOf('http://collector:4318', env)).toEqual({ otlp: 'http://other:4318' });
    expect(read('', env).config.traces).toEqual({ otlp: 'http://other:4318' });
    expect(refusal('', { BOOTLAYER_TRACES_OTLP: 'other:4318' })).toMatch(/^BOOTLAYER_TRACES_OTLP: traces\.otlp: /);
  });
});
