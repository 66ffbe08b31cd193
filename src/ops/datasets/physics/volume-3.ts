/** Formulas of volume III, quantum mechanics: id | name | output: unit | formula | variable: unit, low to high; ... */
export const VOLUME_3 = `
III.4.32 | mean number of photons | n: 1 | 1/(exp((h/(2*pi))*omega/(kb*T))-1) | h: J s, 1 to 5; omega: 1/s, 1 to 5; kb: J/K, 1 to 5; T: K, 1 to 5
III.4.33 | mean energy of an oscillator | E_n: J | (h/(2*pi))*omega/(exp((h/(2*pi))*omega/(kb*T))-1) | h: J s, 1 to 5; omega: 1/s, 1 to 5; kb: J/K, 1 to 5; T: K, 1 to 5
III.7.38 | spin precession | omega: 1/s | 2*mom*B/(h/(2*pi)) | mom: J/T, 1 to 5; B: T, 1 to 5; h: J s, 1 to 5
III.8.54 | flip of a two-state system | prob: 1 | sin(E_n*t/(h/(2*pi)))^2 | E_n: J, 1 to 2; t: s, 1 to 2; h: J s, 1 to 4
III.9.52 | transition in a resonant field | prob: 1 | (p_d*Ef*t/(h/(2*pi)))*sin((omega-omega_0)*t/2)^2/((omega-omega_0)*t/2)^2 | p_d: C m, 1 to 3; Ef: V/m, 1 to 3; t: s, 1 to 3; h: J s, 1 to 3; omega: 1/s, 1 to 5; omega_0: 1/s, 1 to 5
III.10.19 | energy of a spin in any field | E_n: J | mom*sqrt(Bx^2+By^2+Bz^2) | mom: J/T, 1 to 5; Bx: T, 1 to 5; By: T, 1 to 5; Bz: T, 1 to 5
III.12.43 | quantised angular momentum | L: J s | n*(h/(2*pi)) | n: 1, 1 to 5; h: J s, 1 to 5
III.13.18 | group velocity in a lattice | v: m/s | 2*E_n*d^2*k/(h/(2*pi)) | E_n: J, 1 to 5; d: m, 1 to 5; k: 1/m, 1 to 5; h: J s, 1 to 5
III.14.14 | diode | I: A | I_0*(exp(q*Volt/(kb*T))-1) | I_0: A, 1 to 5; q: C, 1 to 2; Volt: V, 1 to 2; kb: J/K, 1 to 2; T: K, 1 to 2
III.15.12 | energy band of spin waves | E_n: J | 2*U*(1-cos(k*d)) | U: J, 1 to 5; k: 1/m, 1 to 5; d: m, 1 to 5
III.15.14 | effective mass in a lattice | m: kg | (h/(2*pi))^2/(2*E_n*d^2) | h: J s, 1 to 5; E_n: J, 1 to 5; d: m, 1 to 5
III.15.27 | wave numbers of a ring of atoms | k: 1/m | 2*pi*alpha/(n*d) | alpha: 1, 1 to 5; n: 1, 1 to 5; d: m, 1 to 5
III.17.37 | angular distribution of a decay | f: 1 | beta*(1+alpha*cos(theta)) | beta: 1, 1 to 5; alpha: 1, 1 to 5; theta: 1, 1 to 5
III.19.51 | energy levels of hydrogen | E_n: J | -m*q^4/(2*(4*pi*epsilon)^2*(h/(2*pi))^2)*(1/n^2) | m: kg, 1 to 5; q: C, 1 to 5; h: J s, 1 to 5; n: 1, 1 to 5; epsilon: F/m, 1 to 5
III.21.20 | current of a superconductor | j: A/m^2 | -rho_c_0*q*A_vec/m | rho_c_0: C/m^3, 1 to 5; q: C, 1 to 5; A_vec: T m, 1 to 5; m: kg, 1 to 5
`;
