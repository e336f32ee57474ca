/** Links between assets and coins, made and undone by hand. */
import { toast } from "../shell/toasts";
import { carriedOut } from "./actions";
import { graphql } from "./graphql";

const LinkAssets = graphql(`
  mutation LinkAssets($assetIds: [ID!]!, $reason: String) {
    outcome: linkAssets(assetIds: $assetIds, reason: $reason) {
      coin {
        id
        name
      }
      errors {
        code
        message
      }
    }
  }
`);
const UnlinkAsset = graphql(`
  mutation UnlinkAsset($assetId: ID!, $reason: String) {
    outcome: unlinkAsset(assetId: $assetId, reason: $reason) {
      coin {
        id
        name
      }
      errors {
        code
        message
      }
    }
  }
`);
const KeepApart = graphql(`
  mutation KeepApart($assetIds: [ID!]!, $reason: String) {
    outcome: keepApart(assetIds: $assetIds, reason: $reason) {
      coin {
        id
      }
      errors {
        code
        message
      }
    }
  }
`);
const UndoLink = graphql(`
  mutation UndoLink {
    outcome: undoLink {
      coin {
        id
        name
      }
      errors {
        code
        message
      }
    }
  }
`);
const REASON = "decided in the console";

export async function link(assetIds: string[]): Promise<void> {
  const outcome = await carriedOut(LinkAssets, { assetIds, reason: REASON });
  if (outcome) toast(`Linked: they are ${outcome.coin?.name ?? "one coin"} now.`);
}

export async function unlink(assetId: string): Promise<void> {
  const outcome = await carriedOut(UnlinkAsset, { assetId, reason: REASON });
  if (outcome) toast("Unlinked; it stays apart until someone links it again.");
}

export async function keepApart(assetIds: string[]): Promise<void> {
  const outcome = await carriedOut(KeepApart, { assetIds, reason: REASON });
  if (outcome) toast("Kept apart; no evidence will link them.");
}

export async function undo(): Promise<void> {
  const outcome = await carriedOut(UndoLink, {});
  if (outcome) toast(`Taken back; it was about ${outcome.coin?.name ?? "a coin"}.`);
}
