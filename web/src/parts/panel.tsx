import type { ComponentChildren } from 'preact';

interface PanelProps {
  /** Its heading, also for those who go from region to region. */
  readonly title: string;
  /** Further classes. */
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A part of a page on a ground of its own. */
export const Panel = ({ title, class: more = '', children }: PanelProps) => (
  <section class={`panel ${more}`} aria-label={title}>
    <h2>{title}</h2>
    {children}
  </section>
);

interface FactsProps {
  readonly facts: readonly (readonly [term: string, what: ComponentChildren])[];
  readonly testId?: string;
}

/** What is known of something, one fact a line. */
export const Facts = ({ facts, testId }: FactsProps) => (
  <dl class="pairs" data-testid={testId}>
    {facts.map(([term, what]) => (
      <div key={term}>
        <dt>{term}</dt>
        <dd>{what}</dd>
      </div>
    ))}
  </dl>
);
