import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { ErrorCode } from '../errors.js';

export type ApiMethod = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

/** What a route takes of a request; without a query, it takes none. A header's name is in lower case. */
export type Taken = {
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
};

/** One way in which a route answers, when all is well. */
export type ApiAnswer = {
  /** For readers of the document. */
  readonly about: string;
  /** What is sent as JSON; without it there is no body. */
  readonly body?: z.ZodType;
  /** The body's type, where it is no JSON. */
  readonly contentType?: string;
  /** By name, what they say. */
  readonly headers?: Readonly<Record<string, string>>;
};

export type ApiAnswers = { readonly [status: number]: ApiAnswer };

/** The parts of a request as their schemas parsed them. */
export type Asked<T extends Taken> = {
  readonly [Part in keyof T]: T[Part] extends z.ZodType ? z.output<T[Part]> : never;
} & {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
};

/** The handler has taken the response over (`reply.hijack()`), and answers by itself. */
export const STREAMED = Symbol('streamed');

type Told<Status, Answer> = Answer extends { readonly body: infer Body extends z.ZodType }
  ? {
      readonly status: Status;
      readonly body: Given<z.input<Body>>;
      readonly headers?: Readonly<Record<string, string>>;
    }
  : { readonly status: Status; readonly headers?: Readonly<Record<string, string>> };

/** As it may be handed on: nothing in it is changed. */
type Given<T> = T extends object ? { readonly [Key in keyof T]: Given<T[Key]> } : T;

/** What a handler answers: one of the declared answers, with its body. */
export type AnswerOf<A extends ApiAnswers> = { readonly [Status in keyof A]: Told<Status, A[Status]> }[keyof A];

/**
 * A route of the API as it declares itself: from this come the check of what is asked, the answers to what is wrong with it, and
 * the OpenAPI document. Paths and the rules of their parts are those of OpenAPI: `/api/v1/boots/{id}`.
 */
export type ApiRoute<T extends Taken, A extends ApiAnswers> = {
  readonly method: ApiMethod;
  readonly path: `/api/v1/${string}`;
  /** A word for the group that it is shown in: `boots`. */
  readonly tag: string;
  /** A line for readers of the document. */
  readonly summary: string;
  readonly takes?: T;
  /** Types of the body besides `application/json`. */
  readonly bodyTypes?: readonly string[];
  readonly answers: A;
  /** What may go wrong besides what may with every route; a handler throws them as `BootlayerError`. */
  readonly errors?: readonly ErrorCode[];
  readonly handle: (asked: Asked<T>) => Promise<AnswerOf<A> | typeof STREAMED> | AnswerOf<A> | typeof STREAMED;
};

/** The same without what only its handler knows. */
export type DeclaredRoute = Omit<ApiRoute<Taken, ApiAnswers>, 'handle'>;
