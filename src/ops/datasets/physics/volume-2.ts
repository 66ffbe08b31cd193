/** Formulas of volume II, electromagnetism and matter: id | name | output: unit | formula | variable: unit, low to high; ... */
export const VOLUME_2 = `
II.2.42 | heat flow through a slab | Pwr: W | kappa*(T2-T1)*A/d | kappa: W/m K, 1 to 5; T1: K, 1 to 5; T2: K, 1 to 5; A: m^2, 1 to 5; d: m, 1 to 5
II.3.24 | flux of a point source | flux: W/m^2 | Pwr/(4*pi*r^2) | Pwr: W, 1 to 5; r: m, 1 to 5
II.4.23 | potential of a point charge | Volt: V | q/(4*pi*epsilon*r) | q: C, 1 to 5; epsilon: F/m, 1 to 5; r: m, 1 to 5
II.6.11 | potential of a dipole | Volt: V | 1/(4*pi*epsilon)*p_d*cos(theta)/r^2 | epsilon: F/m, 1 to 3; p_d: C m, 1 to 3; theta: 1, 1 to 3; r: m, 1 to 3
II.6.15a | field across a dipole, in coordinates | Ef: V/m | p_d/(4*pi*epsilon)*3*z/r^5*sqrt(x^2+y^2) | epsilon: F/m, 1 to 3; p_d: C m, 1 to 3; r: m, 1 to 3; x: m, 1 to 3; y: m, 1 to 3; z: m, 1 to 3
II.6.15b | field across a dipole, in angles | Ef: V/m | p_d/(4*pi*epsilon)*3*cos(theta)*sin(theta)/r^3 | epsilon: F/m, 1 to 3; p_d: C m, 1 to 3; theta: 1, 1 to 3; r: m, 1 to 3
II.8.7 | energy of a charged ball | E_n: J | 3/5*q^2/(4*pi*epsilon*d) | q: C, 1 to 5; epsilon: F/m, 1 to 5; d: m, 1 to 5
II.8.31 | energy density of an electric field | E_den: J/m^3 | epsilon*Ef^2/2 | epsilon: F/m, 1 to 5; Ef: V/m, 1 to 5
II.10.9 | field in a dielectric | Ef: V/m | sigma_den/epsilon*1/(1+chi) | sigma_den: C/m^2, 1 to 5; epsilon: F/m, 1 to 5; chi: 1, 1 to 5
II.11.3 | displacement of a bound charge | x: m | q*Ef/(m*(omega_0^2-omega^2)) | q: C, 1 to 3; Ef: V/m, 1 to 3; m: kg, 1 to 3; omega_0: 1/s, 3 to 5; omega: 1/s, 1 to 2
II.11.17 | density of dipoles in a field | n: 1/m^3 | n_0*(1+p_d*Ef*cos(theta)/(kb*T)) | n_0: 1/m^3, 1 to 3; kb: J/K, 1 to 3; T: K, 1 to 3; theta: 1, 1 to 3; p_d: C m, 1 to 3; Ef: V/m, 1 to 3
II.11.20 | polarisation of permanent dipoles | Pol: C/m^2 | n_rho*p_d^2*Ef/(3*kb*T) | n_rho: 1/m^3, 1 to 5; p_d: C m, 1 to 5; Ef: V/m, 1 to 5; kb: J/K, 1 to 5; T: K, 1 to 5
II.11.27 | polarisation of a dense dielectric | Pol: C/m^2 | n*alpha/(1-(n*alpha/3))*epsilon*Ef | n: 1/m^3, 0 to 1; alpha: m^3, 0 to 1; epsilon: F/m, 1 to 2; Ef: V/m, 1 to 2
II.11.28 | dielectric constant (Clausius-Mossotti) | theta: 1 | 1+n*alpha/(1-(n*alpha/3)) | n: 1/m^3, 0 to 1; alpha: m^3, 0 to 1
II.13.17 | magnetic field of a wire | B: T | 1/(4*pi*epsilon*c^2)*2*I/r | epsilon: F/m, 1 to 5; c: m/s, 1 to 5; I: A, 1 to 5; r: m, 1 to 5
II.13.23 | charge density seen in motion | rho_c: C/m^3 | rho_c_0/sqrt(1-v^2/c^2) | rho_c_0: C/m^3, 1 to 5; v: m/s, 1 to 2; c: m/s, 3 to 10
II.13.34 | current density of a moving charge | j: A/m^2 | rho_c_0*v/sqrt(1-v^2/c^2) | rho_c_0: C/m^3, 1 to 5; v: m/s, 1 to 2; c: m/s, 3 to 10
II.15.4 | energy of a magnetic moment | E_n: J | -mom*B*cos(theta) | mom: J/T, 1 to 5; B: T, 1 to 5; theta: 1, 1 to 5
II.15.5 | energy of an electric dipole | E_n: J | -p_d*Ef*cos(theta) | p_d: C m, 1 to 5; Ef: V/m, 1 to 5; theta: 1, 1 to 5
II.21.32 | potential of a moving charge | Volt: V | q/(4*pi*epsilon*r*(1-v/c)) | q: C, 1 to 5; epsilon: F/m, 1 to 5; r: m, 1 to 5; v: m/s, 1 to 2; c: m/s, 3 to 10
II.24.17 | wave number in a waveguide | k: 1/m | sqrt(omega^2/c^2-pi^2/d^2) | omega: 1/s, 4 to 6; c: m/s, 1 to 2; d: m, 2 to 4
II.27.16 | energy flux of a light wave | flux: W/m^2 | epsilon*c*Ef^2 | epsilon: F/m, 1 to 5; c: m/s, 1 to 5; Ef: V/m, 1 to 5
II.27.18 | energy density of a light wave | E_den: J/m^3 | epsilon*Ef^2 | epsilon: F/m, 1 to 5; Ef: V/m, 1 to 5
II.34.2a | current of a circling charge | I: A | q*v/(2*pi*r) | q: C, 1 to 5; v: m/s, 1 to 5; r: m, 1 to 5
II.34.2 | magnetic moment of a circling charge | mom: A m^2 | q*v*r/2 | q: C, 1 to 5; v: m/s, 1 to 5; r: m, 1 to 5
II.34.11 | precession of a magnetic moment | omega: 1/s | g_*q*B/(2*m) | g_: 1, 1 to 5; q: C, 1 to 5; B: T, 1 to 5; m: kg, 1 to 5
II.34.29a | Bohr magneton | mom: A m^2 | q*h/(4*pi*m) | q: C, 1 to 5; h: J s, 1 to 5; m: kg, 1 to 5
II.34.29b | energy of a spin in a magnetic field | E_n: J | g_*mom*B*Jz/(h/(2*pi)) | g_: 1, 1 to 5; h: J s, 1 to 5; Jz: J s, 1 to 5; mom: J/T, 1 to 5; B: T, 1 to 5
II.35.18 | atoms of one spin in a magnetic field | n: 1/m^3 | n_0/(exp(mom*B/(kb*T))+exp(-mom*B/(kb*T))) | n_0: 1/m^3, 1 to 3; kb: J/K, 1 to 3; T: K, 1 to 3; mom: J/T, 1 to 3; B: T, 1 to 3
II.35.21 | magnetisation of a paramagnet | M: A/m | n_rho*mom*tanh(mom*B/(kb*T)) | n_rho: 1/m^3, 1 to 5; mom: J/T, 1 to 5; B: T, 1 to 5; kb: J/K, 1 to 5; T: K, 1 to 5
II.36.38 | mean field of a ferromagnet | f: 1 | mom*H/(kb*T)+(mom*alpha)/(epsilon*c^2*kb*T)*M | mom: J/T, 1 to 3; H: T, 1 to 3; kb: J/K, 1 to 3; T: K, 1 to 3; alpha: 1, 1 to 3; epsilon: F/m, 1 to 3; c: m/s, 1 to 3; M: A/m, 1 to 3
II.37.1 | energy in magnetised matter | E_n: J | mom*(1+chi)*B | mom: J/T, 1 to 5; B: T, 1 to 5; chi: 1, 1 to 5
II.38.3 | force that stretches a bar | F: N | Y*A*x/d | Y: Pa, 1 to 5; A: m^2, 1 to 5; d: m, 1 to 5; x: m, 1 to 5
II.38.14 | shear modulus | mu_S: Pa | Y/(2*(1+sigma)) | Y: Pa, 1 to 5; sigma: 1, 1 to 5
`;
