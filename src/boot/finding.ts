/** Why a boot does not go on, by names that stay as they are. README.md lists them (a test keeps the two in step). */
export const FINDINGS = {
  'answer-ignored': 'told by DHCP what to load, the machine asks for nothing',
  'other-server-won': 'the machine takes the offer of another DHCP server',
  'http-boot-refused': 'UEFI HTTP Boot is told a URL, and does not ask for it',
  'loader-missing': 'there is no program that the firmware of the machine could load',
  'loader-repeated': 'firmware loads the same program again and again, and no script is asked for',
  'loader-aborted': 'the boot loader is not sent to its end',
  'loader-unanswered': 'what is sent by TFTP is never answered',
  'loader-not-started': 'the boot loader was sent, and nothing is asked for by it',
  'loader-of-other-architecture': 'the machine loads a program that its firmware cannot start',
  'file-refused': 'the machine asks for a file that is not there',
  'assignment-missing': 'nothing is assigned to the machine',
  'assignment-undecided': 'what is assigned goes by facts that the machine does not report',
  'clock-unset': 'the clock of the server cannot be right, and what is done once waits for it',
  'standing-unknown': 'whether the machine is done is not known, so that it is not installed again',
  'image-waiting': 'the image is not there yet',
  'image-missing': 'the image, or its tag, is not in the registry',
  'image-unusable': 'the image cannot be read, or does not fit the machine',
  'architecture-missing': 'the image has nothing for the architecture of the machine',
  'registry-denied': 'the registry refuses access',
  'registry-unreachable': 'the registry does not answer',
  'digest-mismatch': 'what is received is not what its digest says',
  'disk-full': 'the disk of the server is full',
  'state-unusable': 'the server cannot use its data',
  'boot-refused': 'the machine was told why it is not booted',
  'script-without-kernel': 'the machine was told what to start, and asks for nothing of it',
  'file-unknown': 'the machine asks for what no assignment and no plan leads to any more',
  'download-aborted': 'a download breaks off',
  'memory-short': 'the machine has less memory than its boot takes',
  'configuration-not-fetched': 'the system was started, and its configuration was not fetched',
  'configuration-refused': 'the configuration is asked for, and refused',
  'done-not-reported': 'the system was started, and nobody reports that it is done',
  'identity-doubted': 'who asks is not shown to be the machine',
  'machine-contradicted': 'its facts name several machines',
  'attempts-used-up': 'the machine was booted as often as its policy allows',
} as const;

export type FindingName = keyof typeof FINDINGS;

/** One of them in a boot. */
export type Finding = {
  readonly finding: FindingName;
  /** Of the step that shows it, in milliseconds since the epoch. */
  readonly at: number;
  /** What was seen, in a sentence. */
  readonly evidence: string;
  /** What to do, or to look at. */
  readonly remedy: string;
};

/** What of a boot is still to come, by the mapping in force. */
export type Expected = {
  /** Its system fetches its configuration. */
  readonly configuration: boolean;
  /** It is reported as done. */
  readonly done: boolean;
};
