/**
 * A list of the graph as a table shows it. Cursors lead from page to page, never into the middle, so it grows from
 * both ends, by the one that is nearer to what is in sight, until the ends meet.
 */
import { computed, signal } from "@preact/signals";
import type { CombinedError } from "@urql/core";

const PAGE_SIZE = 100;
/** How many rows before its end the next page is asked for. */
const AHEAD = 60;

/** Arguments of a connection. */
export interface Slice {
  first: number | null;
  after: string | null;
  last: number | null;
  before: string | null;
}

export interface PageInfo {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor: string | null;
  endCursor: string | null;
}

export interface Page<Row> {
  nodes: Row[];
  pageInfo: PageInfo;
  /** How long the whole list is; asked for with the first page only. */
  totalCount?: number;
}

export type FetchPage<Row> = (slice: Slice, counted: boolean) => Promise<{ page?: Page<Row>; error?: CombinedError | undefined }>;

export class RowList<Row> {
  readonly error = signal<CombinedError | null>(null);
  readonly loading = signal(false);
  /** Whether there was an answer yet. */
  readonly begun = signal(false);
  /** Whether the ends have met. */
  readonly whole = signal(false);
  private readonly head = signal<readonly Row[]>([]);
  private readonly tail = signal<readonly Row[]>([]);
  private readonly total = signal(0);
  /** How many rows there are, as far as is known. */
  readonly length = computed(() => {
    const held = this.head.value.length + this.tail.value.length;
    return this.whole.value ? held : Math.max(this.total.value, held);
  });

  private after: string | null = null;
  private before: string | null = null;
  private from = 0;
  private to = 0;

  constructor(private readonly fetchPage: FetchPage<Row>) {}

  /** Undefined where it was not read yet. */
  row(index: number): Row | undefined {
    const tail = this.tail.value;
    return this.head.value[index] ?? tail[index - (this.length.value - tail.length)];
  }

  /** See to it that the rows from `from` to before `to` are there, and some around them. */
  need(from: number, to: number): void {
    [this.from, this.to] = [from, to];
    if (!this.loading.value && !this.error.value) void this.load();
  }

  again(): void {
    this.error.value = null;
    this.need(this.from, this.to);
  }

  private renew(newer: (row: Row) => Row): void {
    this.head.value = this.head.value.map(newer);
    this.tail.value = this.tail.value.map(newer);
  }

  /**
   * Take in the list's start as it is now: rows that are there are renewed, others come before them if `adding`.
   * False, and nothing done, where no row of a whole page is there: then there may be more in between.
   */
  merge(start: readonly Row[], keyOf: (row: Row) => string, adding = true): boolean {
    const newer = new Map(start.map((row) => [keyOf(row), row]));
    const held = new Set([...this.head.value, ...this.tail.value].map(keyOf));
    const added = adding ? start.filter((row) => !held.has(keyOf(row))) : [];
    if (held.size && added.length === PAGE_SIZE) return false;
    this.renew((row) => newer.get(keyOf(row)) ?? row);
    this.head.value = [...added, ...this.head.value];
    this.total.value += added.length;
    return true;
  }

  private async load(): Promise<void> {
    this.loading.value = true;
    while (!this.error.value) {
      const forward = this.direction();
      if (forward === null) break;
      await this.loadPage(forward);
    }
    this.loading.value = false;
  }

  /** Whether to go on from the head (true), from the tail (false), or not at all. */
  private direction(): boolean | null {
    if (this.whole.value) return null;
    if (!this.begun.value) return true;
    const headEnd = this.head.value.length;
    const tailStart = this.length.value - this.tail.value.length;
    const wanted = this.to + AHEAD > headEnd && this.from - AHEAD < tailStart;
    if (!wanted) return null;
    return Math.max(0, this.from - headEnd) <= Math.max(0, tailStart - this.to);
  }

  private async loadPage(forward: boolean): Promise<void> {
    const [first, last] = forward ? [PAGE_SIZE, null] : [null, PAGE_SIZE];
    const { page, error } = await this.fetchPage({ first, after: this.after, last, before: this.before }, !this.begun.value);
    this.begun.value = true;
    this.error.value = error ?? null;
    if (page) this.take(page, forward);
  }

  private take({ nodes, pageInfo, totalCount }: Page<Row>, forward: boolean): void {
    if (totalCount !== undefined) this.total.value = totalCount;
    if (forward) {
      this.head.value = [...this.head.value, ...nodes];
      this.after = pageInfo.endCursor ?? this.after;
      this.whole.value = !pageInfo.hasNextPage;
    } else {
      this.tail.value = [...nodes, ...this.tail.value];
      this.before = pageInfo.startCursor ?? this.before;
      this.whole.value = !pageInfo.hasPreviousPage;
    }
  }
}
