import type { Page } from 'playwright-core';

/** Connections of a page that can be made to swallow all that is sent, without being closed. */
export interface FreezableFeed {
  /** From now on nothing comes through connections that there are; new ones work. */
  freeze(): void;
}

export async function freezableFeed(page: Page): Promise<FreezableFeed> {
  let frozen = 0;
  let opened = 0;
  await page.routeWebSocket(/\/socket\.io\//u, (near) => {
    opened += 1;
    const number = opened;
    const far = near.connectToServer();
    near.onMessage((message) => {
      if (number > frozen) far.send(message);
    });
    far.onMessage((message) => {
      if (number > frozen) near.send(message);
    });
  });
  return {
    freeze: () => {
      frozen = opened;
    },
  };
}
