public enum WebhooksOfNeighbour {}
