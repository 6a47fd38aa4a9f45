/** What to look at when no connection arrives at the server at all: the only case that cannot be seen from here. */
export const NO_CONNECTION = `When this address is green, and still no connection of Genesys arrives (the log of the server stays empty):

  1. Admin → Integrations: the integration is an Audio Connector, and its status is Active. AudioHook Monitor is another one;
     it listens to calls and never plays a bot. The Audio Connector must be installed from the AppFoundry first. An
     organization may have five integrations of this kind; a sixth one cannot be added.
  2. Its Configuration → Properties, Base Connection URI: begins with wss://, names no port (443 is the only one), is the public
     name, and ends with a slash. The address of OpenAI does not belong there, nor does an OpenAI key under Credentials.
  3. Activate it anew: Genesys then sends a connection probe to the bare URI. Nothing arrives? Then DNS, firewall or certificate
     stand between. A certificate must be of a public authority, with the whole chain; one of a company is trusted here
     (NODE_EXTRA_CA_CERTS, --ca), and not in Genesys.
  4. Firewall: calls come from the region of the organization (Admin → Account Settings, or the host of the login page, such as
     mypurecloud.de). Its addresses are listed by the Platform API, GET /api/v2/ipranges (“public ip ranges”), entries with the
     service audiohook. They change: allow-lists must follow. Ask someone outside your network to run this command.
  5. Architect: the flow is published, the phone number leads to it (Admin → Routing → Call Routing), and the call reaches the
     action Call Audio Connector: look at the execution history of the flow. Its failure path names errorType and errorMessage.
     The Connector ID is appended to the URI as it is.
  6. Inbound, outbound and in-queue call flows can use the action. BYOC Premises and LDM edges cannot.

  To see whether anything arrives at the machine of the server: stop the server, and run there
  npm run doctor -- --listen 8080     (the port that the proxy forwards to; --key and --secret to verify what arrives)`;
