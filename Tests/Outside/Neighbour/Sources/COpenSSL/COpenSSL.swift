public enum COpenSSLOfNeighbour {}
