import { watchNesting } from '../../gateway/stores/nesting.ts';

// Every suite finds a read or write that is called inside another.
watchNesting();
