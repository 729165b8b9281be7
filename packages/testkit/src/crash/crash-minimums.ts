/** Languages of the crash test's publishers. */
export type PublisherLanguage = "typescript" | "python";

/** What one publisher was told to be stored. */
export interface PublisherShare {
  /** Source of its events. */
  readonly source: string;
  /** Language that it is written in. */
  readonly language: PublisherLanguage;
  /** Its acknowledged events. */
  readonly acked: number;
}

/** How much a crash run must have done before what it did not find counts for anything. */
export interface CrashMinimums {
  /** SIGKILLs that hit a broker. */
  readonly kills: number;
  /** Acknowledged events of all publishers together. */
  readonly events: number;
  /** Acknowledged events of each single publisher. */
  readonly eventsOfPublisher: number;
  /** Acknowledged events of all publishers of a language; what is not named is not demanded. */
  readonly eventsOfLanguage: Readonly<Partial<Record<PublisherLanguage, number>>>;
}

/** What a crash run did. */
export interface CrashFigures {
  /** SIGKILLs that hit a broker. */
  readonly kills: number;
  /** What each publisher was told. */
  readonly publishers: readonly PublisherShare[];
}

/** One sentence for each figure below its minimum, by kind of minimum. */
export type CrashShortfalls = Readonly<Record<keyof CrashMinimums, readonly string[]>>;

/** Compares a run's figures with their minimums. Pure. */
export function crashShortfalls(
  { kills, publishers }: CrashFigures,
  minimums: CrashMinimums,
): CrashShortfalls {
  const languages = Object.entries(minimums.eventsOfLanguage);
  return {
    kills: below(`${kills} SIGKILLs hit a broker`, kills, minimums.kills),
    events: belowAcked("all publishers together", publishers, minimums.events),
    eventsOfPublisher: publishers.flatMap((publisher) =>
      belowAcked(`the publisher ${publisher.source}`, [publisher], minimums.eventsOfPublisher),
    ),
    eventsOfLanguage: languages.flatMap(([language, least]) => {
      const written = publishers.filter((publisher) => publisher.language === language);
      return belowAcked(`the publishers in ${language}`, written, least);
    }),
  };
}

/** Whether publishers still have to go on: no event is missing to any minimum. */
export function hasEnoughEvents(figures: CrashFigures, minimums: CrashMinimums): boolean {
  const { events, eventsOfPublisher, eventsOfLanguage } = crashShortfalls(figures, minimums);
  return [events, eventsOfPublisher, eventsOfLanguage].every(({ length }) => length === 0);
}

function belowAcked(who: string, publishers: readonly PublisherShare[], least: number): string[] {
  const acked = publishers.reduce((sum, publisher) => sum + publisher.acked, 0);
  return below(`${acked} events of ${who} were acknowledged`, acked, least);
}

function below(what: string, figure: number, least: number): string[] {
  return figure >= least ? [] : [`${what}, at least ${least} must be`];
}
