import type { Generated } from 'kysely';

/** The tables as kysely types them. Times are milliseconds since the epoch, sizes bytes. */
export type Schema = {
  plans: {
    id: string;
    machine: string;
    issued_at: number;
    /** The BootPlan as JSON. */
    plan: string;
  };
  plan_artifacts: {
    digest: string;
    plan_id: string;
    role: string;
    media_type: string;
    size: number;
    location: string;
    /** The plan's, repeated: thousands of plans share a kernel, and the newest is found by one step in an index. */
    issued_at: number;
  };
  resolutions: {
    reference: string;
    os: string;
    architecture: string;
    variant: string;
    /** What is to be started of its ISO (`isoFilesName`); empty where nothing is. */
    iso_files: string;
    resolved_at: number;
    /** The ResolvedImage as JSON, without its `isoFiles`. */
    image: string;
  };
  boots: {
    id: string;
    machine: string;
    began_at: number;
    last_at: number;
    state: string;
    /** When it first fetched what it starts, where it did. */
    attempted_at: number | null;
    /** 1 where no entry named the machine. */
    is_stranger: Generated<number>;
    /** The Boot as JSON. */
    boot: string;
  };
  boot_steps: {
    boot_id: string;
    /** Which of the boot's, from 1. */
    number: number;
    at: number;
    /** The StepEvent as JSON. */
    event: string;
  };
  standings: {
    id: string;
    /** The Standing as JSON. */
    standing: string;
  };
  standing_keys: {
    /** One of a machine's names and identities. */
    key: string;
    standing_id: string;
  };
  capabilities: {
    /** SHA-256 of it, in hex. */
    hash: string;
    machine: string;
    expires_at: number;
    /** The KeptCapability as JSON. */
    capability: string;
  };
  enrolled: {
    name: string;
    first_at: number;
    last_at: number;
    /** The MachineFacts as JSON. */
    facts: string;
  };
  /** What there is to know of the state itself. */
  meta: {
    key: string;
    value: string;
  };
  leases: {
    address: string;
    /** Of the lease clock, and for people who look: the lease itself has it too. */
    until: number;
    /** The Lease as JSON. */
    lease: string;
  };
  entries: {
    /** An EntryKind. */
    kind: string;
    name: string;
    revision: string;
    /** The EntryDocument as JSON. */
    document: string;
  };
};
