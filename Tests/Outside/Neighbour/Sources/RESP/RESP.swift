public enum RESPOfNeighbour {}
