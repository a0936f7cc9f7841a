import { MemoryBlobStore } from '../../src/blob/memory-blob-store.js';
import { blobStoreContract } from '../contracts/blob-store.js';

blobStoreContract(async () => new MemoryBlobStore());
