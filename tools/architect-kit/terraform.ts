/** The integration and the flows as CX as Code: HCL for the Genesys Cloud provider of Terraform. */
import type { BotProfile } from '../../src/services/profiles/schema';
import { FLOW_SUBSTITUTIONS } from './flow';

/** The text of `main.tf`. Secrets are variables; no value stands in it. */
export function terraformFile(profiles: readonly BotProfile[]): string {
    return `${[HEAD, VARIABLES, INTEGRATION, flowsPart(profiles)].join('\n\n')}\n`;
}

const HEAD = `# The Audio Connector integration and one inbound call flow for each bot. Written by npm run architect; not to be edited.
#
# NOT PROVEN against a live Genesys organization. The resources are those of the provider's documentation; the names
# "audio-connector", "audioHook", "baseUri", "apiKey" and "clientSecret" are those that a published program sends to the platform
# API for this integration.
# Terraform writes the client secret into its state: keep the state where secrets are kept.

terraform {
  required_providers {
    genesyscloud = {
      source  = "mypurecloud/genesyscloud"
      version = ">= 1.73.0"
    }
  }
}`;

const VARIABLES = `variable "base_connection_uri" {
  type        = string
  description = "Where Genesys finds the server: wss, the path of AUDIOHOOK_PATH, and a slash at the end."

  validation {
    condition     = can(regex("^wss://[^/?#]+/([^?#]*/)?$", var.base_connection_uri))
    error_message = "It must begin with wss:// and end with a slash: Genesys appends the Connector ID as it is."
  }
}

variable "audiohook_api_key" {
  type        = string
  sensitive   = true
  description = "A key of AUDIOHOOK_API_KEYS."
}

variable "audiohook_client_secret" {
  type        = string
  sensitive   = true
  description = "The secret of that key, in base64, as it stands in AUDIOHOOK_API_KEYS."
}

variable "integration_name" {
  type    = string
  default = "AudioConnector Server"
}

variable "division" {
  type    = string
  default = "Home"
}

variable "agent_queue" {
  type        = string
  description = "Name of the queue that takes callers whom a bot hands over. It must be there already."
}`;

const INTEGRATION = `resource "genesyscloud_integration_credential" "audiohook" {
  name                 = "\${var.integration_name} credentials"
  credential_type_name = "audioHook"
  fields = {
    apiKey       = var.audiohook_api_key
    clientSecret = var.audiohook_client_secret
  }
}

resource "genesyscloud_integration" "audio_connector" {
  integration_type = "audio-connector"
  intended_state   = "ENABLED"

  config {
    name       = var.integration_name
    properties = jsonencode({ baseUri = var.base_connection_uri })
    advanced   = jsonencode({})
    notes      = "AudioConnector Server"
    credentials = {
      audioHook = genesyscloud_integration_credential.audiohook.id
    }
  }
}`;

function flowsPart(profiles: readonly BotProfile[]): string {
    const names = profiles.map(({ name }) => `"${name}"`).join(', ');
    const values: Readonly<Record<string, string>> = {
        flow_name: '"Bot ${each.key}"',
        division: 'var.division',
        integration_name: 'genesyscloud_integration.audio_connector.config[0].name',
        agent_queue: 'var.agent_queue',
    };
    const width = Math.max(...Object.keys(FLOW_SUBSTITUTIONS).map(({ length }) => length));
    const rows = Object.keys(FLOW_SUBSTITUTIONS).map((key) => `    ${key.padEnd(width)} = ${values[key] ?? '""'}`);
    return `resource "genesyscloud_flow" "bot" {
  for_each = toset([${names}])

  filepath = "\${path.module}/\${each.key}/flow.yaml"
  substitutions = {
${rows.join('\n')}
  }
}`;
}
