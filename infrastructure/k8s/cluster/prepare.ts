/** A cluster with all images, in which an overlay can be applied by the lines of the docs. */
import { copyCheckout } from '../../containers/checkout.ts';
import { NODE, startCluster } from './cluster.ts';
import { defineGateways } from './entry.ts';
import { makeImages } from './images.ts';
import { resolveName } from './names.ts';
import { obtainClusterPrograms } from './programs.ts';

export type PreparedCluster = Awaited<ReturnType<typeof prepareCluster>>;

/**
 * @param host the installation's, which this process then finds at the node
 * @param volumes of each pod with data one
 */
export async function prepareCluster(host: string, volumes: number) {
  resolveName(host, NODE);
  const programs = await obtainClusterPrograms();
  const checkout = await copyCheckout();
  const { bases, archive } = await makeImages(checkout, programs);
  const cluster = await startCluster(programs);
  await cluster.load(archive);
  await cluster.makeVolumes(volumes);
  await defineGateways(cluster);
  const stop = async (): Promise<void> => {
    await cluster.stop();
    await checkout.remove();
  };
  return { cluster, checkout, bases, stop };
}
