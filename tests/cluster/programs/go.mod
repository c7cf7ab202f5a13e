module memdrift.io/cluster-programs

go 1.24
