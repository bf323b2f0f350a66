/**
 * How the broadcaster tells the gateway for whom it asks. The gateway believes it because both know
 * SERVICE_SECRET, not because of where the request comes from.
 */

/** Holds SERVICE_SECRET. */
export const SERVICE_SECRET_HEADER = 'x-outcry-service-secret';

/** The bidder's network address; left out when the broadcaster asks for itself. */
export const CLIENT_ADDRESS_HEADER = 'x-outcry-client-address';
